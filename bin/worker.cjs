'use strict';
// The thread that holds a run's Lua VM.
require('./load.cjs')('worker', true);
