import './flow-view.js';
import './order-story-view.js';
import './search-view.js';
import './system-map-view.js';
import './waterfall-view.js';
// The last: it shows the others.
import './ops-app.js';
