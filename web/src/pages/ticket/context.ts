import type { InjectionKey, Ref } from 'vue'
import type { Ticket } from '@/api/types'

/** The ticket that the forms below are about: its calls, legs and files are what they offer to choose from. */
export const TICKET: InjectionKey<Readonly<Ref<Ticket | null>>> = Symbol('ticket')
