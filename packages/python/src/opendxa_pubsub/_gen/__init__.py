"""Generated from proto/ by scripts/generate.mjs. DO NOT EDIT."""
