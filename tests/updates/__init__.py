"""The update promise, tried: releases, researchers' edits, and what an update makes of both."""
