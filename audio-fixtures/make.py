"""Writes the test bed: make.py sentences COUNT SEED FOLDER | make.py dialogues FOLDER SCRIPT.tsv…"""
import csv, os, random, sys, wave
import numpy as np
from voices import BLENDS, RATE, over_the_line, speak

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "gazetteer.csv")) as f:
    PLACES = {row["name"]: row for row in csv.DictReader(f)}
SPOKEN = {"伊通满族自治县": "伊通县"}
STREETS = sorted({row["parent"] for row in PLACES.values() if row["source"] == "demo"})     # those with communities and roads
TROUBLE = ["路灯不亮", "家里暖气不热", "突然停水了", "停电了", "下水道堵了", "井盖丢了", "垃圾没人清理", "楼上漏水", "工地晚上施工太吵", "烧烤店油烟太大",
           "物业乱收费", "电梯坏了", "马路上有个大坑", "下雨积水严重", "有人占道经营", "汽车乱停堵住了门口", "公交车总是晚点", "燃气有味道", "工资一直没有发"]
SINCE = ["已经三天了", "有两天了", "有一个星期了", "从昨天晚上开始的", "从今天早上开始的", "一个多月了"]
WISH = ["请尽快处理", "什么时候能修好", "一直没有人管", "希望你们帮忙解决", "请问应该找谁"]
OPEN = ["你好", "您好", "我想反映一个问题", "我要投诉", "我要举报"]
QUESTION = ["社保卡丢了怎么补办", "身份证丢了怎么补办", "医保怎么报销", "公积金怎么提取", "营业执照怎么办理", "不动产证需要什么材料", "高龄补贴怎么申请",
            "低保怎么申请", "孩子上学需要什么手续", "居住证在哪里办", "拖欠工资找哪个部门", "买到过期食品怎么投诉"]
AGENT = ["您好，四平市政务服务热线，请问有什么可以帮您", "请问您的具体地址是哪里", "请问您贵姓", "请留一个联系电话", "好的，我已经为您登记",
         "我们会在五个工作日内给您答复", "请您不要着急", "请您保持电话畅通", "感谢您的来电，再见", "这个问题我马上转给有关部门", "请问问题解决了吗", "请问您对处理结果满意吗"]
ANSWER = ["非常满意", "我不满意", "基本满意", "问题已经解决了", "问题没有解决", "已经修好了，谢谢", "没有人联系我", "还没有处理"]


def place(r):
    street = r.choice(STREETS)
    district, spot = PLACES[street]["parent"], r.choice([n for n, row in PLACES.items() if row["parent"] == street])
    return SPOKEN.get(district, district) + (street if r.random() < .5 else "") + (spot if r.random() < .7 else "")


def sentence(r):
    kind, c = r.random(), r.choice
    if kind < .5:
        return "，".join(x for x in (c(OPEN) if r.random() < .5 else "", c(["我家住在", "我在", "地址是"]) + place(r),
                                    c(TROUBLE) + (c(SINCE) if r.random() < .5 else ""), c(WISH) if r.random() < .4 else "") if x)
    if kind < .68: return c(["我想咨询一下，", "请问", "你好，请问"]) + c(QUESTION)
    if kind < .82: return c(AGENT)
    if kind < .9: return c(ANSWER)
    return c(["我的电话是", "联系电话是"]) + "一" + "".join(c("零二三四五六七八九") for _ in range(10))


def save(path, x):
    """x: samples, or samples × 2 (left citizen, right agent)."""
    with wave.open(path, "wb") as w:
        w.setparams((x.shape[1] if x.ndim > 1 else 1, 2, RATE, 0, "NONE", ""))
        w.writeframes(np.int16(np.clip(x, -1, 1) * 32767).tobytes())


def sentences(count, seed, folder):
    os.makedirs(folder, exist_ok=True)
    r, seen = random.Random(seed), set()
    while len(seen) < count: seen.add(sentence(r))
    with open(f"{folder}/reference.tsv", "w") as ref:
        for i, text in enumerate(sorted(seen)):
            voice = r.choice(list(BLENDS))
            save(f"{folder}/s{seed}-{i:02}.wav", over_the_line(speak(text, voice, r.uniform(.85, 1.05)), seed * 1000 + i))
            ref.write(f"s{seed}-{i:02}.wav\t{text}\t{voice}\n")


def dialogue(folder, script):
    """script: tab-separated rows speaker, text; first row «voices», citizen's voice/agent's voice."""
    name = os.path.splitext(os.path.basename(script))[0]
    (_, who), *lines = csv.reader(open(script), delimiter="\t")
    voices = dict(zip(("citizen", "agent"), who.split("/")))
    r, at, parts, rows = random.Random(name), .6, [], ["start\tend\tspeaker\ttext"]
    for i, (speaker, text) in enumerate(lines):
        a = over_the_line(speak(text, voices[speaker], r.uniform(.88, 1.0)), r.randrange(1 << 30), -90)
        parts.append((at, speaker, a)); rows.append(f"{at:.2f}\t{at + len(a) / RATE:.2f}\t{speaker}\t{text}")
        at += len(a) / RATE + r.uniform(.2, .9)
    x = np.random.default_rng(len(name)).normal(0, 10 ** (-55 / 20), (int(at * RATE) + RATE, 2))
    for t, speaker, a in parts: x[int(t * RATE):int(t * RATE) + len(a), int(speaker == "agent")] += a
    save(f"{folder}/{name}.wav", x)
    with open(f"{folder}/{name}.tsv", "w") as f: f.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "sentences": sentences(int(rest[0]), int(rest[1]), rest[2])
    else: [dialogue(rest[0], s) for s in rest[1:]]
