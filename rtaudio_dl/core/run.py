"""A model bound to memory, as native threads run it: one record, one call.

`rtaudio_dl.models.session.Binding` fills it; the memory behind it stays where it is.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call2, call8

RUN = np.dtype(
    [
        ("run", np.uintp),  # OrtApi::Run
        ("release_status", np.uintp),  # OrtApi::ReleaseStatus
        ("session", np.uintp),  # 0: no model
        ("input_names", np.uintp),
        ("input_values", np.uintp),
        ("inputs", np.uintp),
        ("output_names", np.uintp),
        ("output_values", np.uintp),
        ("outputs", np.uintp),
    ],
    align=True,
)


@rt_kernel
def run_with(model, input_values, output_values):
    """Run a model on other values than its own, by address; whether it ran. [worker]"""
    status = call8(
        model.run,
        model.session,
        np.uintp(0),
        model.input_names,
        input_values,
        model.inputs,
        model.output_names,
        model.outputs,
        output_values,
    )
    if status != 0:
        call2(model.release_status, status, np.uintp(0))
    return status == 0


@rt_kernel
def run_model(model):
    """Run a model on its own values; whether it ran. [worker]"""
    return run_with(model, model.input_values, model.output_values)
