'use strict';
// The small process that starts a run's commands.
require('./load.cjs')('launcher');
