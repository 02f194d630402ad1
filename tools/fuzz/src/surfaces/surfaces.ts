import type { Surface } from '../surface.ts';
import { BYTES } from './bytes.ts';
import { EVENTS } from './events.ts';
import { FRAMING } from './framing.ts';
import { NOISE } from './noise.ts';
import { REQUESTS } from './requests.ts';
import { RPC } from './rpc.ts';
import { SEQUENCES } from './sequences.ts';
import { WRITINGS } from './writings.ts';

/** Everything of the system that takes input from outside of its process. */
export const SURFACES: readonly Surface[] = [
  REQUESTS,
  WRITINGS,
  SEQUENCES,
  BYTES,
  FRAMING,
  RPC,
  EVENTS,
  NOISE,
];
