import board from './board'
import calls from './calls'
import common from './common'
import desk from './desk'
import error from './error'
import floor from './floor'
import people from './people'
import settings from './settings'
import shift from './shift'
import ticket from './ticket'
import words from './words'
import work from './work'

export default { ...common, ...words, desk, work, ticket, calls, floor, people, settings, shift, board, error }
