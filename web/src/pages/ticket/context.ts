import type { InjectionKey, Ref } from 'vue'
import type { Ticket } from '@/api/types'

/** The ticket that the forms below are about: its calls, legs and files are what they offer to choose from. */
export const TICKET: InjectionKey<Readonly<Ref<Ticket | null>>> = Symbol('ticket')

/** A call to the citizen that was made from this page: the proof of the contact or follow-up that is written down next. */
export interface MadeCall { purpose: 'contact' | 'follow_up'; id: string; at: string }
export const CALLED: InjectionKey<Readonly<Ref<MadeCall | null>>> = Symbol('called')
