/** Starts the app: preferences, language, routes, session. */
import './app/mensajeria-app';
import { startRouter } from './app/router';
import { startLanguage } from './i18n';
import { startWorker } from './offline/worker';
import { startPreferences } from './store/preferences';
import { enter } from './store/session';

startPreferences();
startRouter();
const known = enter();
await startLanguage();
// Only now: nothing may be drawn before its words are there.
document.body.prepend(document.createElement('mensajeria-app'));
await known;
void startWorker();
