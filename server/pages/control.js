// Control: what a person does to a sandbox, and how it stands: each part is a section of its own.
import { Clock, Sandboxes, ScenarioProgress } from './control_course.js';
import { Clients, Keys, Policy, Tokens, Users } from './control_world.js';
import { get, inBox, sandbox } from './api.js';
import { html, useEffect } from './ui.js';

const SECTIONS = [['clock', 'Clock', Clock], ['scenario', 'Scenario', ScenarioProgress], ['tokens', 'Tokens', Tokens], ['users', 'Users', Users],
  ['clients', 'Clients', Clients], ['keys', 'Keys', Keys], ['policy', 'Policy', Policy], ['sandboxes', 'Sandboxes', Sandboxes]];

/** Traffic changes tokens, rules and verdict: looked at as long as the page is in sight. */
function useTraffic() {
  useEffect(() => {
    let count = -1;
    const look = async () => {
      if (document.hidden) return;
      const box = await get(inBox()).catch(() => ({ exchanges: count }));
      if (count >= 0 && box.exchanges !== count) dispatchEvent(new Event('changed'));
      count = box.exchanges;
    };
    const timer = setInterval(look, 1000);
    look();
    return () => clearInterval(timer);
  }, []);
}

export function Page() {
  useTraffic();
  return html`<h1>Control <span class="soft">${sandbox}</span></h1>
    <nav class="sections" aria-label="Sections">${SECTIONS.map(([id, name]) => html`<a href=${`#${id}`}>${name}</a> `)}</nav>
    <div class="panels">${SECTIONS.map(([id, name, Section]) => html`<section class="panel" id=${id} aria-labelledby=${`${id}-title`}>
      <h2 id=${`${id}-title`}>${name}</h2><${Section} /></section>`)}</div>`;
}
