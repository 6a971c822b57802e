//! What a file is, by its content: few kinds are taken, and images are written anew, so that what a
//! camera notes (place, time, device) does not stay.
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use ticket::Refused;

/// A file that can be kept.
pub(crate) struct Clean {
    pub kind: &'static str,
    pub extension: &'static str,
    pub length: u64,
    pub sha256: [u8; 32],
    /// What is kept: the file as it was sent, or the picture that was written anew.
    pub content: Box<dyn Read + Send>,
}

/// What is taken: what `infer` calls it, what we call it, how its name ends.
const TAKEN: &[(&str, &str, &str)] = &[
    ("image/jpeg", "image/jpeg", "jpg"),
    ("image/png", "image/png", "png"),
    ("image/webp", "image/webp", "webp"),
    ("application/pdf", "application/pdf", "pdf"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    ("audio/mpeg", "audio/mpeg", "mp3"),
    ("audio/x-wav", "audio/wav", "wav"),
    ("video/mp4", "video/mp4", "mp4"),
];

/// An image's longest side, and the memory that reading one may take.
const WIDEST: u32 = 12_000;
const MEMORY: u64 = 256 * 1024 * 1024;
/// Looks like the original.
const QUALITY: u8 = 90;

/// So much of a file tells what it is.
const HEAD: u64 = 64 * 1024;

/// Says what a file is and takes out what it should not tell; `sent` is its hash. Only a picture is
/// ever in memory as a whole. Computes and reads: call it from `spawn_blocking`.
pub(crate) fn clean(file: File, sent: [u8; 32]) -> Result<Clean, Refused> {
    read_clean(file, sent).unwrap_or_else(|error| {
        tracing::error!(%error, "a file that was sent cannot be read again");
        Err(Refused::Bad("文件无法读取，请重新上传".to_owned()))
    })
}

fn read_clean(mut file: File, sent: [u8; 32]) -> io::Result<Result<Clean, Refused>> {
    let mut head = Vec::new();
    (&file).take(HEAD).read_to_end(&mut head)?;
    file.rewind()?;
    let (kind, extension) = match taken(&head) {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    if matches!(extension, "docx" | "xlsx") && holds(&mut file, b"vbaProject")? {
        return Ok(Err(Refused::Bad("不接收含有宏的文件".to_owned())));
    }
    file.rewind()?;
    let format = match kind {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        "image/webp" => ImageFormat::WebP,
        _ => {
            let length = file.metadata()?.len();
            let content = Box::new(file);
            return Ok(Ok(Clean { kind, extension, length, sha256: sent, content }));
        }
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(rewrite(&bytes, format).map(|bytes| Clean {
        kind,
        extension,
        length: bytes.len() as u64,
        sha256: Sha256::digest(&bytes).into(),
        content: Box::new(Cursor::new(bytes)),
    }))
}

/// What a file is by its first bytes, if such a file is taken.
fn taken(head: &[u8]) -> Result<(&'static str, &'static str), Refused> {
    let found = infer::get(head).map_or("", |kind| kind.mime_type());
    let Some((_, kind, extension)) = TAKEN.iter().find(|(mime, ..)| *mime == found) else {
        return Err(Refused::Bad(
            "不支持此文件类型：可上传 JPG、PNG、WebP、PDF、DOCX、XLSX、MP3、WAV、MP4".to_owned(),
        ));
    };
    Ok((kind, extension))
}

/// Whether these bytes stand anywhere in a file, read piece by piece.
fn holds(from: &mut dyn Read, part: &[u8]) -> io::Result<bool> {
    let mut window = Vec::new();
    loop {
        let read = from.take(HEAD).read_to_end(&mut window)?;
        if contains(&window, part) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        window.drain(..window.len().saturating_sub(part.len() - 1)); // what may begin it stays
    }
}

/// The same picture, and nothing else.
fn rewrite(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, Refused> {
    let unreadable = |_| Refused::Bad("图片无法读取或尺寸过大".to_owned());
    let mut limits = Limits::default();
    limits.max_image_width = Some(WIDEST);
    limits.max_image_height = Some(WIDEST);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation); // it was told by what is now left out
    let mut out = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
            picture.to_rgb8().write_with_encoder(encoder).map_err(unreadable)?;
        }
        format => picture.write_to(&mut out, format).map_err(unreadable)?,
    }
    Ok(out.into_inner())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A name that is only a name, and ends as its content asks.
pub(crate) fn safe_name(name: &str, extension: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String =
        last.chars().filter(|c| !c.is_control() && !"<>:\"|?*".contains(*c)).collect();
    let plain = plain.trim().trim_start_matches('.');
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let right = ending.eq_ignore_ascii_case(extension)
        || (extension == "jpg" && ending.eq_ignore_ascii_case("jpeg"));
    let stem: String = if right { stem } else { plain }.chars().take(100).collect();
    if stem.is_empty() { format!("附件.{extension}") } else { format!("{stem}.{extension}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of these bytes.
    fn kept(bytes: &[u8]) -> Result<(Clean, Vec<u8>), Refused> {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        file.rewind().unwrap();
        let mut clean = clean(file, Sha256::digest(bytes).into())?;
        let mut content = Vec::new();
        clean.content.read_to_end(&mut content).unwrap();
        assert_eq!(clean.length, content.len() as u64);
        assert_eq!(clean.sha256[..], Sha256::digest(&content)[..]);
        Ok((clean, content))
    }

    #[test]
    fn what_lies_across_two_pieces_of_a_file_is_found() {
        let at = usize::try_from(HEAD).unwrap() - 3;
        let mut bytes = vec![b'x'; at];
        bytes.extend(b"vbaProject and more");
        assert!(holds(&mut bytes.as_slice(), b"vbaProject").unwrap());
        assert!(!holds(&mut &bytes[..at + 9], b"vbaProject").unwrap());
        assert!(!holds(&mut [].as_slice(), b"vbaProject").unwrap());
    }

    fn jpeg_with_exif() -> Vec<u8> {
        let picture = DynamicImage::new_rgb8(8, 4);
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, ImageFormat::Jpeg).unwrap();
        let plain = out.into_inner();
        // SOI, then APP1 with a little-endian TIFF: one entry, orientation 6 (turn right)
        let tiff =
            b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0GPS 43.17";
        let length = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], &[0xff, 0xe1], &length[..], tiff, &plain[2..]].concat()
    }

    #[test]
    fn a_photograph_loses_what_the_camera_noted_and_stays_upright() {
        let sent = jpeg_with_exif();
        assert!(contains(&sent, b"GPS 43.17"));
        let (kept, bytes) = kept(&sent).unwrap();
        assert_eq!((kept.kind, kept.extension), ("image/jpeg", "jpg"));
        assert!(!contains(&bytes, b"Exif") && !contains(&bytes, b"GPS 43.17"));
        let picture = image::load_from_memory(&bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (4, 8));
    }

    #[test]
    fn what_runs_or_shows_scripts_is_refused() {
        let program = [b"\x7fELF\x02\x01\x01\0".as_slice(), &[0; 64]].concat();
        let windows = [b"MZ\x90\0".as_slice(), &[0; 128]].concat();
        for bytes in [
            program,
            windows,
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>".to_vec(),
            b"<!DOCTYPE html><html></html>".to_vec(),
            b"#!/bin/sh\nrm\n".to_vec(),
            b"plain words".to_vec(),
            Vec::new(),
        ] {
            assert!(kept(&bytes).is_err());
        }
    }

    #[test]
    fn a_cut_or_false_image_is_refused() {
        let mut cut = jpeg_with_exif();
        cut.truncate(60);
        assert!(kept(&cut).is_err());
    }

    #[test]
    fn a_pdf_stays_as_it_is() {
        let pdf = b"%PDF-1.7\n1 0 obj\n".to_vec();
        assert_eq!(kept(&pdf).unwrap().1, pdf);
    }

    #[test]
    fn a_name_cannot_lead_elsewhere_or_hide_what_it_is() {
        assert_eq!(safe_name("../../etc/passwd", "pdf"), "passwd.pdf");
        assert_eq!(safe_name("C:\\现场.JPEG", "jpg"), "现场.jpg");
        assert_eq!(safe_name("photo.exe", "png"), "photo.exe.png");
        assert_eq!(safe_name("", "png"), "附件.png");
        assert_eq!(safe_name(".hidden\r\n", "pdf"), "hidden.pdf");
    }
}
