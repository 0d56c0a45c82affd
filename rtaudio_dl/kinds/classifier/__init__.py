"""Models that listen: from frames to scores to detections."""
