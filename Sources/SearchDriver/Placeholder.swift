// SearchDriver
