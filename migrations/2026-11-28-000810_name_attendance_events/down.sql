update events set type = 'attendance.recorded' where type = 'enrolment.attendance_recorded';
