export { sandbox } from './setup.js';
