#!/bin/sh
echo "Good morning, @WHO@."
