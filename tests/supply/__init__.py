"""What the project takes from others and gives away: locks, private names, workflows, package, container, manual."""
