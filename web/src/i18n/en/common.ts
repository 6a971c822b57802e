import type zh from '../zh/common'

export default {
  brand: { name: 'Lianxin', city: 'Siping 12345', full: 'Siping 12345 public service hotline', promise: 'One number, every matter seen through' },
  nav: { desk: 'Desk', work: 'Tickets', new_ticket: 'New ticket', calls: 'Calls', floor: 'Floor', shift: 'Shift', board: 'Oversight', settings: 'Settings', people: 'People', menu: 'Menu', skip: 'Skip to content' },
  common: {
    ok: 'OK', cancel: 'Cancel', close: 'Close', save: 'Save', saved: 'Saved', retry: 'Try again', reload: 'Reload', more: 'Load more', loading: 'Loading…', search: 'Search', all: 'All',
    none: 'None', unknown: 'Unknown', yes: 'Yes', no: 'No', copy: 'Copy', copied: 'Copied', optional: 'optional', required: 'required', back: 'Back', demo: 'Demo', reason: 'Reason', note: 'Note',
    seconds: '{n} s', minutes: '{n} min', end_of_list: 'That is all', total: '{n} in all', clear: 'Clear', edit: 'Edit', at: 'Time', who: 'Person',
  },
  signin: {
    title: 'Sign in', welcome: 'Welcome back', name: 'Staff number or sign-in name', password: 'Password', show: 'Show password', hide: 'Hide password', submit: 'Sign in', working: 'Signing in…',
    missing_name: 'Please enter your sign-in name', missing_password: 'Please enter your password', expired: 'Your sign-in has expired. Please sign in again; what you wrote is kept on the server.',
    code: 'One-time code (6 digits)', enrol_title: 'First sign-in: set up your one-time codes', enrol_text: 'Add an account in your authenticator app with the secret below, then enter the 6 digits it shows.',
    invitation: 'Set your password', invitation_text: 'This link works once. Please set a password for your account.', invitation_done: 'Password set; please sign in', invitation_gone: 'This link was used or has expired. Please ask your administrator.',
    caps: 'Caps Lock is on', citizen: 'I am a citizen: track my request', help: 'Forgotten your password? Ask your administrator to reset it',
    point_call: 'The phone rings, words appear as they are spoken', point_ticket: 'One ticket from acceptance to closure', point_clock: 'Deadlines by the real working calendar',
  },
  user: { menu: 'Settings', theme: 'Colours', theme_auto: 'System', theme_light: 'Light', theme_dark: 'Dark', size: 'Type', size_normal: 'Normal', size_large: 'Large', language: 'Language', keys: 'Keys', password: 'Change password', sign_out: 'Sign out', unit: 'Unit' },
  password: { title: 'Change password', old: 'Current password', new: 'New password', again: 'New password again', rule: 'at least 10 characters', different: 'The two are not the same', short: 'The new password needs at least 10 characters', done: 'Password changed' },
  keys: {
    title: 'Keys', hint: 'Click a key on the right, then press the new one; Esc cancels.', press: 'Press a key…', reset: 'Restore defaults', reserved: 'The browser needs that key; please choose another', taken: 'That key is already in use',
    answer: 'Answer', hang_up: 'Hang up', mute: 'Mute', keypad: 'Keypad', submit: 'Submit', direct_answer: 'Direct answer', ready: 'Ready / not ready', help: 'Show keys', next: 'Next', previous: 'Previous', dispatch: 'Send to the first unit named', main_action: 'Take the first step', open: 'Open the chosen ticket', select: 'Select', search: 'Search', reload: 'Reload the list',
  },
  live: { lost: 'Connection lost', retry_in: 'next try in {n} s', connecting: 'connecting again…', now: 'Try now', stale: 'what you see may not be the latest' },
  state: {
    empty: 'Nothing here yet', forbidden_title: 'You may not see this', forbidden_text: 'If your work needs it, ask your administrator for the role.', home: 'To my desk',
    missing_title: 'Not found', missing_text: 'It may have been withdrawn, or the address is wrong.', failed_title: 'This could not be loaded', unreachable_title: 'The server cannot be reached', no_home_title: 'This account has no role yet', no_home_text: 'Ask your administrator for a role.',
  },
} satisfies typeof zh
