/** Files on their way to the server, before a message carries them. */

export { DEFAULT_LIMITS, leftOutText, refusalOf, sizeText, type UploadLimits } from './limits';
export { isFinal, uploadsFor, type Upload, type UploadError, type UploadList, type UploadStatus } from './model';
export { Uploads, type AddOptions, type UploadsOptions } from './uploads';
