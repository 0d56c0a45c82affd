"""What those who watch are told: sinks for events and detections."""
