"""The pages that mails lead to, and the preview of a digest: plain HTML beside the dashboard, without script or cookie."""
