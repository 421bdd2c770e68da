"""`roomtone bench home-assistant`: how soon Home Assistant's own pipeline answers with our services."""
