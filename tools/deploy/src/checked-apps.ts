import { EVERY_APP } from '@orders/dev/stack/declarations';

const { APP } = process.env;

/** The apps whose charts and images are checked: all, or the one that APP names, as the Nx targets of an app do. */
export const CHECKED = EVERY_APP.filter(({ name }) => !APP || name === APP);

if (CHECKED.length === 0) throw new Error(`APP is ${APP}, and there is no such app`);
