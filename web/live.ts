/** The live page: builds itself, follows the server's stream, and lets its reader steer the run. */
import { LivePage } from './live/page.ts';
import { followStream } from './live/stream.ts';
import { startTheme } from './shared/theme.ts';

const token = new URLSearchParams(location.search).get('token') ?? '';
const page = new LivePage(token);
document.body.append(...page.elements);
startTheme(page.themeButton);
followStream(token, {
  session: (session) => page.show(session),
  connection: (words) => page.showConnection(words),
});
