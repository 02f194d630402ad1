/** What each secret begins with; a line without any of these is passed on as it is. */
const BEGINNINGS = ['://', '-----BEGIN ', 'earer ', 'eyJ'];

/** User and password of a URL, up to the last `@` before its path. An escaped quote does not end a value. */
const USER_OF_URL = /:\/\/(?:[^\s"\\/?#]|\\["\\])*@/g;
/** A private key or the seed of a NATS user, also one that is cut off: then up to the end of its value. */
const KEY =
  /-----BEGIN [A-Z ]*(?:PRIVATE KEY|NKEY SEED)-----(?:[^"\\]|\\.)*?(?:-{4,6}END [A-Z ]*(?:PRIVATE KEY|NKEY SEED)-{4,6}|(?="))/g;
const BEARER = /\b([Bb]earer )[\w.~+/=-]{8,}/g;
const JSON_WEB_TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/**
 * Replaces secrets in a line of JSON by `***`, wherever they stand: users and passwords of URLs, private keys, seeds of
 * NATS users, bearer tokens and JSON Web Tokens. The line stays valid JSON.
 */
export function withoutSecrets(line: string): string {
  if (!BEGINNINGS.some((beginning) => line.includes(beginning))) return line;
  return line
    .replace(USER_OF_URL, '://***@')
    .replace(KEY, '***')
    .replace(BEARER, '$1***')
    .replace(JSON_WEB_TOKEN, '***');
}
