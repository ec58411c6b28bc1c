"""What make-rules and the capture generator share: packets, capture files, cases."""
