import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/table.css';

async function start(): Promise<void> {
  if (import.meta.env.MODE === 'mock') {
    const { installMock } = await import('./api/mock/install');
    installMock();
  }
  const target = document.getElementById('app');
  if (target) mount(App, { target });
}

void start();
