export { CertificateFiles, type CertificateTexts } from './certificate-files.js';
export { CertificateAuthority, type CertificateOptions, type CertifiedKey } from './certificates.js';
export { freePort } from './free-port.js';
export { someIdentity, someMaterial } from './some-identity.js';
