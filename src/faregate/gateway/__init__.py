"""One exchange from admission to settlement, behind ports."""
