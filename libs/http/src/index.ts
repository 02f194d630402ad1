export { createHttpApp } from './create-http-app.js';
export { problemDetails, problemOf } from './problem.js';
