/** Files on their way into a message. */

export { DropZone } from './DropZone';
export { FileButton } from './FileButton';
export { droppedFiles, hasFiles, pastedFiles } from './files';
export { UploadTray } from './UploadTray';
