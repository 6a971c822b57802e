import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { mayOpen, type Place } from './permissions'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta { place?: Place; open?: boolean }
}

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign_in', component: () => import('./pages/SignIn.vue'), meta: { open: true } },
  { path: '/invitation', name: 'invitation', component: () => import('./pages/Invitation.vue'), meta: { open: true } },
  { path: '/', name: 'home', component: () => import('./pages/NoHome.vue') },
  { path: '/desk', name: 'desk', component: () => import('./pages/desk/DeskPage.vue'), meta: { place: 'desk' } },
  { path: '/work', name: 'work', component: () => import('./pages/work/WorkPage.vue'), meta: { place: 'work' } },
  { path: '/new-ticket', name: 'new_ticket', component: () => import('./pages/work/NewTicket.vue'), meta: { place: 'new_ticket' } },
  { path: '/tickets/:id', name: 'ticket', component: () => import('./pages/ticket/TicketPage.vue'), props: true },
  { path: '/calls', name: 'calls', component: () => import('./pages/calls/CallsPage.vue'), meta: { place: 'calls' } },
  { path: '/calls/:id', name: 'call', component: () => import('./pages/calls/CallPage.vue'), props: true },
  { path: '/floor', name: 'floor', component: () => import('./pages/floor/FloorPage.vue'), meta: { place: 'floor' } },
  { path: '/shift', name: 'shift', component: () => import('./pages/shift/ShiftPage.vue'), meta: { place: 'shift' } },
  { path: '/oversight', name: 'board', component: () => import('./pages/board/BoardPage.vue'), meta: { place: 'board' } },
  { path: '/settings/:tab?', name: 'settings', component: () => import('./pages/settings/SettingsPage.vue'), props: true, meta: { place: 'settings' } },
  { path: '/people', name: 'people', component: () => import('./pages/people/PeoplePage.vue'), meta: { place: 'people' } },
  { path: '/no-permission', name: 'forbidden', component: () => import('./pages/Forbidden.vue') },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/Missing.vue') },
]

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } })

router.beforeEach(async to => {
  const session = useSession()
  try { await session.restore() } catch { /* no server: the page shown says so itself */ }
  if (to.meta.open) return session.me && to.name === 'sign_in' ? { name: 'home' } : true
  if (!session.me) return session.known || to.name !== 'missing' ? { name: 'sign_in', query: to.fullPath === '/' ? {} : { then: to.fullPath } } : true
  if (to.name === 'home' && session.home) return { name: session.home }
  if (to.meta.place && !mayOpen(session.me, to.meta.place)) return { name: 'forbidden' }
  return true
})
