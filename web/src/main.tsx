import './styles/index.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startRouter } from './router.ts';
import { followKeyboard } from './state/keyboard.ts';
import { startServices } from './state/services.ts';
import { startSession } from './state/session.ts';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the app');

startRouter();
startSession();
followKeyboard();
render(<App />, place);
await startServices(location.origin);
