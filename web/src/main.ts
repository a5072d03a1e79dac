import 'uplot/dist/uPlot.min.css';
import './page.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { language } from './texts';

document.documentElement.lang = language;
const target = document.getElementById('page');
if (target) mount(App, { target });
