"""Device descriptions, one YAML a device, shipped as the package placer.devices."""
