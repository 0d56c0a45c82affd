"""Signal processing: kernels that know no engine."""
