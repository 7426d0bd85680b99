import { html } from './ui.js';
export function Page() { return html`<h1>Explain</h1>`; }
