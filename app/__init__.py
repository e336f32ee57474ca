"""The only composition root: settings, services, web, scheduler and command line. May import everything."""
