"""What campaigns do to a database while they kill, fill disks or let it grow old."""
