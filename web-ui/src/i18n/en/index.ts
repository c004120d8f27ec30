import { calls } from './calls';
import { common } from './common';
import { errors } from './errors';
import { extensions } from './extensions';
import { home } from './home';
import { lines } from './lines';
import { live } from './live';
import { nav } from './nav';
import { quality } from './quality';
import { routing } from './routing';
import { session } from './session';
import { settings } from './settings';
import { sipSound } from './sip-sound';
import { status } from './status';
import { trace } from './trace';
import { trunks } from './trunks';

export const en = {
  calls,
  common,
  errors,
  extensions,
  home,
  lines,
  live,
  nav,
  quality,
  routing,
  session,
  settings,
  sipSound,
  status,
  trace,
  trunks,
};
