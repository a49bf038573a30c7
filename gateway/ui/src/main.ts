/** Starts the app: preferences, language, routes, session. */
import { startRouter } from './app/router';
import { startLanguage } from './i18n';
import { startPreferences } from './store/preferences';
import { enter } from './store/session';

startPreferences();
await startLanguage();
startRouter();
const known = enter();
await import('./app/mensajeria-app');
await known;
