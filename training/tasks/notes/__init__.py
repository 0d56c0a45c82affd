"""Notes: pitched, expressive, morphing sounds from a decoder that runs live.

A note in NSynth's format is analysed into partials and noise (`analysis`), an encoder
puts its timbre on a map of few dimensions and a decoder draws partials and noise from
there (`network`), and `synth` makes them sound, hop by hop, in the exported graph.
"""
