"""The host: ADF graphs and the AIE API on this computer."""
