export { createHttpApp } from './http-app.js';
export { problemDetails, problemOf } from './problem.js';
