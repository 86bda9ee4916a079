"""What `readiness init` reads: OpenAPI, HAR, Postman, .http, cURL, access logs, also hostile ones."""
