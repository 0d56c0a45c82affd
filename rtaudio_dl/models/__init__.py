"""Native inference: models are opened, checked and bound to memory here.

`model.open_model` is the way in. ONNX Runtime is called through its C API (`ort`), so
that the threads of the real-time world run a session without Python.
"""
