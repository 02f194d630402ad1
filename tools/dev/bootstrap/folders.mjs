import { accessSync, constants, mkdirSync, statSync } from 'node:fs';

/** Whether files can be made in this folder, which must be there. @param {string} path */
export function isWritableFolder(path) {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The wanted folder when it is there or can be made, else the other one: HOME may be missing or read-only.
 * @param {string} wanted
 * @param {string} instead
 */
export function folderOrElse(wanted, instead) {
  try {
    mkdirSync(wanted, { recursive: true });
  } catch {
    return instead;
  }
  return isWritableFolder(wanted) ? wanted : instead;
}
